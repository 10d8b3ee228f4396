#!/bin/sh
# A board on a switched USB port, as an example of a plain script: uhubctl.sh HUB PORT WORD
# crosscallctl boards set-power a7 -- /usr/local/lib/crosscall/power/uhubctl.sh 1-1.4 2
set -eu

if [ $# -ne 3 ]; then
  echo "usage: $0 HUB PORT on|off|cycle|status" >&2
  exit 2
fi
hub=$1 port=$2 word=$3

case $word in
  on | off | cycle)
    # It says what it did, and exits with 0 even where a hub ignores it: `status` must show it.
    exec uhubctl --location "$hub" --ports "$port" --action "$word"
    ;;
  status)
    # "  Port 2: 0103 power enable connect [...]", or "  Port 2: 0000 off".
    line=$(uhubctl --location "$hub" --ports "$port" | sed -n "s/^ *Port $port: *//p")
    case $line in
      *" power"*) echo on ;;
      *" off"*) echo off ;;
      *) echo unknown ;;
    esac
    ;;
  *)
    echo "$0: unknown word: $word" >&2
    exit 2
    ;;
esac
