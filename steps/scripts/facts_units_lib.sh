# shellcheck shell=sh
# Facts: the services that checks of several areas ask about, in one question to systemd.
#   unit   NAME ACTIVE ENABLED, e.g. "chrony active enabled"; only those that systemd knows. ENABLED is - when the unit
#          can't be enabled

facts_units() {
    have systemctl || return 0
    bounded 10 systemctl show -p Id -p LoadState -p ActiveState -p UnitFileState -- \
        chrony.service chronyd.service systemd-timesyncd.service ntpsec.service ntp.service ntpd.service \
        openntpd.service firewalld.service ufw.service nftables.service iptables.service ip6tables.service \
        NetworkManager.service systemd-networkd.service nm-cloud-setup.service nm-cloud-setup.timer \
        docker.service containerd.service crio.service podman.service kubelet.service k3s.service k3s-agent.service \
        rke2-server.service rke2-agent.service k0scontroller.service k0sworker.service \
        snap.microk8s.daemon-kubelite.service haproxy.service nginx.service keepalived.service |
        awk -F= '
            function tell() {
                if (name != "" && load != "not-found" && load != "" && !told[name]++)
                    printf "unit\t%s %s %s\n", name, active == "" ? "-" : active, enabled == "" ? "-" : enabled
                name = load = active = enabled = ""
            }
            $1 == "Id" { name = $2; sub(/\.service$/, "", name) }
            $1 == "LoadState" { load = $2 }
            $1 == "ActiveState" { active = $2 }
            $1 == "UnitFileState" { enabled = $2 }
            NF == 0 { tell() }
            END { tell() }'
}
