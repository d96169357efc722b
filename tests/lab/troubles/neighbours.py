"""Troubles of what is there already, and of the network."""

from __future__ import annotations

from tests.lab.troubles.model import OUTSIDER, PLANES, VIP, Trouble, in_background, no_unit, unit

VRRP = (
    "import socket,struct,time\n"
    "s=socket.socket(socket.AF_INET,socket.SOCK_RAW,112)\n"
    "s.setsockopt(socket.IPPROTO_IP,socket.IP_MULTICAST_TTL,255)\n"
    "b=struct.pack('!BBBBHH4s',0x21,100,100,1,100,0,socket.inet_aton('10.77.0.99'))\n"
    "while True:\n s.sendto(b,('224.0.0.18',0)); time.sleep(1)\n"
)
"""Another virtual router with the number that haui would take (VRRP version 2, RFC 3768)."""

TROUBLES: tuple[Trouble, ...] = (
    Trouble(
        name="old Kubernetes",
        make="mkdir -p /etc/kubernetes;"
        " echo '    server: https://10.1.2.3:6443' >/etc/kubernetes/kubelet.conf",
        check="kubernetes.cluster",
        seen="10.1.2.3",
        undo="rm -rf /etc/kubernetes",
        mend="rm -rf /etc/kubernetes",
    ),
    Trouble(
        name="k3s",
        make="mkdir -p /etc/rancher/k3s",
        check="kubernetes.other",
        seen="k3s",
        mend="rm -rf /etc/rancher",
        undo="rm -rf /etc/rancher",
    ),
    Trouble(
        name="bridge of an old pod network",
        make="ip link add cni0 type bridge",
        check="kubernetes.links",
        verdict="warning",
        seen="cni0",
        undo="ip link delete cni0 2>/dev/null",
    ),
    Trouble(
        name="rules of an old cluster",
        make="iptables -t nat -N KUBE-SERVICES",
        check="kubernetes.chains",
        verdict="warning",
        seen="KUBE-",
        mend="iptables -t nat -X KUBE-SERVICES",
        undo="iptables -t nat -X KUBE-SERVICES 2>/dev/null",
    ),
    Trouble(
        name="another runtime",
        make=unit("docker.service") + "; systemctl start docker.service",
        check="kubernetes.runtimes",
        verdict="warning",
        seen="docker",
        mend=no_unit("docker.service"),
        undo=no_unit("docker.service"),
    ),
    Trouble(
        name="port 6443 held",
        make=in_background("intruder", "socat TCP-LISTEN:6443,fork,reuseaddr /dev/null"),
        check="ports.free",
        seen="6443.*socat",
        undo="systemctl stop intruder 2>/dev/null",
        mend="systemctl stop intruder",
        hosts=PLANES,
        spread=("fleet.ports",),
    ),
    Trouble(
        name="dead name server",
        make="cp /etc/resolv.conf /root/resolv.conf; echo nameserver 10.77.0.250 >/etc/resolv.conf",
        check="network.name-servers",
        verdict="warning",
        seen="10.77.0.250",
        mend="cat /root/resolv.conf >/etc/resolv.conf; rm /root/resolv.conf",
        undo="test ! -e /root/resolv.conf || cat /root/resolv.conf >/etc/resolv.conf",
        also=("network.lookup", "supply.names"),
    ),
    Trouble(
        name="own name leads elsewhere",
        make="cp /etc/hosts /root/hosts; echo 10.77.0.11 wk1 wk2 wk3 wk4 >/etc/hosts",
        check="network.own-name",
        verdict="warning",
        seen="10.77.0.11",
        mend="cat /root/hosts >/etc/hosts; rm /root/hosts",
        undo="test ! -e /root/hosts || cat /root/hosts >/etc/hosts",
    ),
    Trouble(
        name="no default route",
        make="ip route del default",
        check="network.route",
        verdict="warning",
        seen="",
        mend="ip route add default via 10.77.0.1",
        undo="ip route add default via 10.77.0.1 2>/dev/null",
    ),
    Trouble(
        name="route into the pods' network",
        make="ip route add 10.60.5.0/24 via 10.77.0.1",
        check="fleet.networks",
        seen="10.60.5.0/24",
        mend="ip route del 10.60.5.0/24",
        undo="ip route del 10.60.5.0/24 2>/dev/null",
    ),
    Trouble(
        name="firewall drops 2380",
        make="nft 'add table inet wall;"
        " add chain inet wall in { type filter hook input priority 0; };"
        " add rule inet wall in tcp dport 2380 drop'",
        rehearsed=True,
        check="fleet.ports",
        seen="2380",
        mend="nft delete table inet wall",
        undo="nft delete table inet wall 2>/dev/null",
        hosts=("cp3",),
        elsewhere=True,
        spread=("fleet.ports",),
        also=("network.firewall",),
    ),
    Trouble(
        name="another MTU",
        make="ip link set eth0 mtu 1300",
        rehearsed=True,
        check="fleet.mtu",
        verdict="warning",
        seen="1300",
        mend="ip link set eth0 mtu 1500",
        undo="ip link set eth0 mtu 1500",
        alone=True,
        spread=("fleet.mtu", "fleet.path-mtu"),
    ),
    Trouble(
        name="virtual address taken",
        make=f"ip addr add {VIP}/32 dev eth0",
        check="network.vip-free",
        seen="",
        mend=f"ip addr del {VIP}/32 dev eth0",
        undo=f"ip addr del {VIP}/32 dev eth0 2>/dev/null",
        hosts=(OUTSIDER,),
        elsewhere=True,
        spread=("network.vip-free",),
    ),
    Trouble(
        name="a foreign VRRP speaker",
        make=f"cat >/root/vrrp.py <<'END'\n{VRRP}END\n"
        + in_background("vrrp", "python3 /root/vrrp.py"),
        rehearsed=True,
        check="fleet.vrrp",
        seen="10.77.0.41",
        mend="systemctl stop vrrp",
        undo="systemctl stop vrrp 2>/dev/null; rm -f /root/vrrp.py",
        hosts=(OUTSIDER,),
        elsewhere=True,
        spread=("fleet.vrrp",),
    ),
)
