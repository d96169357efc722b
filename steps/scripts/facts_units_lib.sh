# shellcheck shell=sh
# Facts: the services that checks of several areas ask about, in one question to systemd.
#   unit   NAME ACTIVE ENABLED, e.g. "chrony active enabled"; only those that systemd knows. ENABLED is - when the unit
#          can't be enabled
#   time.service   a time service that is active, one line each; absent when there is none
#   ssh.manager    an agent of config management that is active ("puppet.service"); see also facts_access_lib

# The first of two names of the same service is told.
TIME_UNITS='chrony.service chronyd.service systemd-timesyncd.service ntpsec.service ntp.service ntpd.service openntpd.service'
ACCESS_UNITS='puppet.service puppet-agent.service salt-minion.service chef-client.service chef-client.timer cinc-client.service cinc-client.timer cfengine3.service cf-execd.service rudder-agent.service ansible-pull.timer'

facts_units() {
    booted_systemd || return 0
    # shellcheck disable=SC2086  # lists of words
    become_bounded 10 systemctl show -p Id -p LoadState -p ActiveState -p UnitFileState -- $TIME_UNITS $ACCESS_UNITS \
        firewalld.service ufw.service nftables.service iptables.service ip6tables.service \
        NetworkManager.service systemd-networkd.service nm-cloud-setup.service nm-cloud-setup.timer \
        docker.service containerd.service crio.service podman.service kubelet.service k3s.service k3s-agent.service \
        rke2-server.service rke2-agent.service k0scontroller.service k0sworker.service \
        snap.microk8s.daemon-kubelite.service haproxy.service nginx.service keepalived.service |
        LC_ALL=C awk -F= -v time_units="$TIME_UNITS" -v managers="$ACCESS_UNITS" '
            BEGIN {
                # One answer for each unit, in the order of the question.
                times = split(time_units, asked, " ")
                count = split(managers, more, " ")
                for (i = 1; i <= count; i++) asked[times + i] = more[i]
                split("chrony:chronyd ntpsec:ntp ntpsec:ntpd ntp:ntpd", same, " ")
                for (i in same) again[same[i]] = 1
            }
            function tell(  own) {
                if (name == "") return
                own = asked[++answers]
                if (answers > times && own != "") {
                    if (active ~ /^(active|activating|reloading)$/) print "ssh.manager\t" own
                } else {
                    if (own != "" && active == "active") {
                        sub(/\.service$/, "", own)
                        if (!(before ":" own in again)) print "time.service\t" own
                        before = own
                    }
                    if (load != "not-found" && load != "" && !told[name]++)
                        printf "unit\t%s %s %s\n", name, active == "" ? "-" : active, enabled == "" ? "-" : enabled
                }
                name = load = active = enabled = ""
            }
            $1 == "Id" { name = $2; sub(/\.service$/, "", name) }
            $1 == "LoadState" { load = $2 }
            $1 == "ActiveState" { active = $2 }
            $1 == "UnitFileState" { enabled = $2 }
            NF == 0 { tell() }
            END { tell() }'
}
