"""The wizard without a screen: the draft of answers, the questions, what is wrong, and host lists."""
