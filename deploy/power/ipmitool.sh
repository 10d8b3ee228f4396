#!/bin/sh
# A board with a BMC: ipmitool.sh HOST USER PASSWORD_FILE WORD
# crosscallctl boards set-power a7 --nmi -- /usr/local/lib/crosscall/power/ipmitool.sh bmc-a7 lab /etc/crosscall/bmc-a7
#
# The password stays in its file (mode 0600, owned by the controller's user): arguments of processes are no secret.
set -eu

if [ $# -ne 4 ]; then
  echo "usage: $0 HOST USER PASSWORD_FILE on|off|cycle|status|nmi" >&2
  exit 2
fi
host=$1 user=$2 password_file=$3 word=$4

power() {
  ipmitool -I lanplus -N 5 -R 2 -H "$host" -U "$user" -f "$password_file" chassis power "$1"
}

case $word in
  on | off | cycle) power "$word" ;;
  nmi) power diag ;;
  status)
    # "Chassis Power is on"; a BMC that does not answer is no board without power.
    case $(power status) in
      *" is on") echo on ;;
      *" is off") echo off ;;
      *) echo unknown ;;
    esac
    ;;
  *)
    echo "$0: unknown word: $word" >&2
    exit 2
    ;;
esac
