#!/bin/bash
# Starts a SLURM of one node for tests, on 127.0.0.1, without systemd, cgroups or accounting.
#   up.sh FOLDER     state, logs and process numbers go there; down.sh FOLDER stops it
# It must be run by root, with Debian's slurm-wlm and munge installed (`make test-engines` does so).
set -euo pipefail
root=${1:?name a folder}
host=$(hostname -s)
mkdir -p "$root"/{etc,state,spool,log,run,munge,socket}
chmod 755 "$root" "$root"/*
chmod 700 "$root/munge"
head -c 128 /dev/urandom > "$root/munge/key"
chmod 400 "$root/munge/key"
munged --force --key-file="$root/munge/key" --socket="$root/socket/munge.sock" --pid-file="$root/run/munged.pid" \
  --log-file="$root/log/munged.log" --seed-file="$root/munge/seed" --num-threads=2 2>> "$root/log/munged.log"
memory=$(awk '/MemTotal/ {print int($2 / 1024 * 0.9)}' /proc/meminfo)
# Not more than two, so that some jobs wait.
processors=$(nproc)
[ "$processors" -le 2 ] || processors=2
cat > "$root/etc/slurm.conf" <<CONF
ClusterName=local
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$root/socket/munge.sock
CredType=cred/munge
SlurmctldPort=16817
SlurmdPort=16818
StateSaveLocation=$root/state
SlurmdSpoolDir=$root/spool
SlurmctldPidFile=$root/run/slurmctld.pid
SlurmdPidFile=$root/run/slurmd.pid
SlurmctldLogFile=$root/log/slurmctld.log
SlurmdLogFile=$root/log/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc=$root/log/jobs.txt
SchedulerType=sched/backfill
SchedulerParameters=sched_min_interval=100000,bf_interval=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
# As long as a test may take on a slow machine: what has ended is asked for at its end.
MinJobAge=3600
KillWait=2
DefMemPerCPU=500
NodeName=$host NodeAddr=127.0.0.1 CPUs=$processors Boards=1 SocketsPerBoard=1 CoresPerSocket=$processors ThreadsPerCore=1 RealMemory=$memory State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO
CONF
# It insists on a plugin for cgroups even where none is used.
printf 'CgroupPlugin=cgroup/v1\nCgroupAutomount=no\n' > "$root/etc/cgroup.conf"
# The executor plugin takes SLURM_* from a job's environment: srun in it looks in the usual place.
mkdir -p /etc/slurm
ln -sfn "$root/etc/slurm.conf" /etc/slurm/slurm.conf
ln -sfn "$root/etc/cgroup.conf" /etc/slurm/cgroup.conf
export SLURM_CONF="$root/etc/slurm.conf"
slurmctld -f "$SLURM_CONF"
slurmd -f "$SLURM_CONF"
for _ in $(seq 1000); do
  sinfo -h -o %T 2> /dev/null | grep -qE 'idle|mix|alloc' && exit 0
  sleep 0.2
done
echo "the node does not come up; see $root/log" >&2
exit 1
