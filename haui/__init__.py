"""haui: plain Linux hosts to a highly available Kubernetes cluster, with kubeadm over SSH."""

__version__ = "0.1.0"
