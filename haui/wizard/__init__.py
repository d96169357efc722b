"""The wizard without a screen: the draft, the questions, what is wrong, and host lists."""
