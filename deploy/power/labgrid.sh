#!/bin/sh
# A place of labgrid: labgrid.sh COORDINATOR PLACE WORD
# crosscallctl boards set-power a7 -- /usr/local/lib/crosscall/power/labgrid.sh coordinator.lab:20408 a7
#
# The place must be acquired by the controller's user on this machine: labgrid switches only what one holds. It says
# so itself if not, and the word fails.
set -eu

if [ $# -ne 3 ]; then
  echo "usage: $0 COORDINATOR PLACE on|off|cycle|status" >&2
  exit 2
fi
coordinator=$1 place=$2 word=$3

client() {
  labgrid-client -x "$coordinator" --place "$place" power "$1"
}

case $word in
  on | off | cycle) client "$word" ;;
  status)
    # "power for place a7 is on"; what has no reading fails, or takes unknown for off (labgrid #1154): a driver that
    # cannot read must not be asked.
    case $(client get) in
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
