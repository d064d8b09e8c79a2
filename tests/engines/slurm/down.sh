#!/bin/bash
# Stops what up.sh started in a folder.
root=${1:?name the folder}
for name in slurmd slurmctld munged; do
  file=$root/run/$name.pid
  [ -s "$file" ] && kill "$(cat "$file")" 2> /dev/null
done
for name in slurm.conf cgroup.conf; do
  [ "$(readlink "/etc/slurm/$name")" = "$root/etc/$name" ] && rm -f "/etc/slurm/$name"
done
true
