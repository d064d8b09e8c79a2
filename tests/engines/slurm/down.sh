#!/bin/bash
# Stops what up.sh started in a folder.
root=${1:?name the folder}
for name in slurmd slurmctld munged; do
  file=$root/run/$name.pid
  [ -s "$file" ] || continue
  number=$(cat "$file")
  kill "$number" 2> /dev/null
  # Its port is free again once it has ended.
  for _ in $(seq 100); do
    kill -0 "$number" 2> /dev/null || break
    sleep 0.1
  done
done
for name in slurm.conf cgroup.conf; do
  [ "$(readlink "/etc/slurm/$name")" = "$root/etc/$name" ] && rm -f "/etc/slurm/$name"
done
true
