#!/bin/sh
# An outlet behind pdudaemon: pdudaemon.sh http://SERVER:16421 PDU PORT WORD
# crosscallctl boards set-power a7 -- /usr/local/lib/crosscall/power/pdudaemon.sh http://pdu.lab:16421 rack1 7
#
# pdudaemon answers 200 when it has queued the request, whatever becomes of it, and has no reading: exit status 0 means
# accepted, and the power is always unknown. It has no authentication either: keep its port in a closed network.
set -eu

if [ $# -ne 4 ]; then
  echo "usage: $0 http://SERVER:PORT PDU OUTLET on|off|cycle|status" >&2
  exit 2
fi
server=$1 pdu=$2 outlet=$3 word=$4

request() {
  curl --silent --show-error --fail --max-time 20 --get --data-urlencode "hostname=$pdu" \
    --data-urlencode "port=$outlet" "$server/power/control/$1"
}

case $word in
  on | off) request "$word" ;;
  cycle) request reboot ;;
  status) echo unknown ;;
  *)
    echo "$0: unknown word: $word" >&2
    exit 2
    ;;
esac
