# shellcheck shell=sh
# Facts: the services that checks of several areas ask about, in one question to systemd.
#   unit   NAME ACTIVE ENABLED, e.g. "chrony active enabled"; only those that systemd knows. ENABLED is - when the unit
#          can't be enabled
#   time.service   a time service that is active, one line each; absent when there is none
#   ssh.manager    an agent of config management that is active ("puppet.service"); see also facts_access_lib

# The first of two names of the same service is told.
export HAUI_TIME_UNITS='chrony.service chronyd.service systemd-timesyncd.service ntpsec.service ntp.service ntpd.service openntpd.service'
export HAUI_ACCESS_UNITS='puppet.service puppet-agent.service salt-minion.service chef-client.service chef-client.timer cinc-client.service cinc-client.timer cfengine3.service cf-execd.service rudder-agent.service ansible-pull.timer'

facts_units() {
    booted_systemd || return 0
    # shellcheck disable=SC2086  # lists of words
    said units
    # shellcheck disable=SC2086  # lists of words
    bounded 10 systemctl show -p Id -p LoadState -p ActiveState -p UnitFileState -- $HAUI_TIME_UNITS $HAUI_ACCESS_UNITS \
        firewalld.service ufw.service nftables.service iptables.service ip6tables.service \
        NetworkManager.service systemd-networkd.service nm-cloud-setup.service nm-cloud-setup.timer \
        docker.service containerd.service crio.service podman.service kubelet.service k3s.service k3s-agent.service \
        rke2-server.service rke2-agent.service k0scontroller.service k0sworker.service \
        snap.microk8s.daemon-kubelite.service haproxy.service nginx.service keepalived.service
    said_all
}

# shellcheck disable=SC2016,SC2034  # awk, for preflight_facts_probe
UNITS_SAID='
    BEGIN {
        # One answer for each unit, in the order of the question.
        units_times = split(ENVIRON["HAUI_TIME_UNITS"], units_asked, " ")
        units_count = split(ENVIRON["HAUI_ACCESS_UNITS"], units_more, " ")
        for (i = 1; i <= units_count; i++) units_asked[units_times + i] = units_more[i]
        split("chrony:chronyd ntpsec:ntp ntpsec:ntpd ntp:ntpd", units_same, " ")
        for (i in units_same) units_again[units_same[i]] = 1
    }
    function units_said(  at, value) {
        at = index($0, "=")
        value = substr($0, at + 1)
        sub(/=.*/, "", value)
        if (!NF) units_end()
        else if (/^Id=/) { units_name = value; sub(/\.service$/, "", units_name) }
        else if (/^LoadState=/) units_load = value
        else if (/^ActiveState=/) units_active = value
        else if (/^UnitFileState=/) units_enabled = value
    }
    function units_end(  name) {
        if (units_name == "") return
        name = units_asked[++units_answers]
        if (units_answers > units_times && name != "") {
            if (units_active ~ /^(active|activating|reloading)$/) tell("ssh.manager", name)
        } else {
            if (name != "" && units_active == "active") {
                sub(/\.service$/, "", name)
                if (!(units_before ":" name in units_again)) tell("time.service", name)
                units_before = name
            }
            if (units_load != "not-found" && units_load != "" && !units_told[units_name]++)
                tell("unit", units_name " " (units_active == "" ? "-" : units_active) " " (units_enabled == "" ? "-" : units_enabled))
        }
        units_name = units_load = units_active = units_enabled = ""
    }'
