# Ends what runs in the folder $1 and removes it as soon as the input ends: when the test binary that holds its other end
# has ended, in whatever way.
folder=$1
trap '' INT TERM HUP
cat >/dev/null

running() {
  for process in /proc/[0-9]*; do
    case $(readlink "$process/cwd" 2>/dev/null) in "$folder"/*) echo "${process#/proc/}" ;; esac
  done
}

signal() {
  for id in $(running); do kill -s "$1" "$id" 2>/dev/null; done
}

# QUIT is an immediate shutdown, in which PostgreSQL removes its shared memory. One that is stopped hears it after CONT.
signal QUIT
signal CONT
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25; do
  [ -n "$(running)" ] || break
  sleep 0.2
done
signal KILL

# One that was killed has left a segment, whose number stands in its file.
for file in "$folder"/*/data/postmaster.pid; do
  [ -e "$file" ] || continue
  segment=$(sed -n 7p "$file")
  [ -z "$segment" ] || ipcrm -m "${segment##* }" 2>/dev/null
done

while read -r _ point _; do
  case $point in "$folder"/*) umount -l "$point" ;; esac
done </proc/mounts

rm -rf "$folder"
