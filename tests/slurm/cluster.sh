#!/usr/bin/env bash
# cluster.sh -- a throw-away SLURM cluster on one Debian/Ubuntu machine.
#
# No systemd, no container engine, no cgroups: munged, slurmctld and one slurmd
# per virtual node are started by hand on 127.0.0.1; with ACCT=1 also a private
# MariaDB and slurmdbd, so that `sacct` works.  Everything the cluster writes
# lives under $LAB, except one symbolic link, /etc/slurm/slurm.conf -> $LAB/etc/slurm.conf:
# snakemake-executor-plugin-slurm-jobstep strips SLURM_CONF (and most SLURM_*) from the
# environment of its inner srun, so the default location has to work.  A file that is
# already there and is not ours is never overwritten; `stop` removes only our own link.
#
#   cluster.sh start      install what is missing, boot (idempotent), wait until idle
#   cluster.sh stop       end every daemon this script started (by pid file)
#   cluster.sh status     daemons, sinfo, squeue
#   cluster.sh env        print the exports clients need:  eval "$(cluster.sh env)"
#   cluster.sh run CMD..  run CMD with that environment
#   cluster.sh clean      stop, then delete $LAB
#
# Settings (environment): LAB NODES CPUS MEM_MB GPUS ACCT PORT0 DEAD_AFTER
set -euo pipefail

LAB=${LAB:-${TMPDIR:-/tmp}/slurm-lab}      # state directory; keep the path short (unix sockets)
# a running cluster remembers its settings; explicit environment settings win
for _v in NODES CPUS MEM_MB GPUS ACCT PORT0 DEAD_AFTER; do
  if [ -z "${!_v:-}" ] && [ -f "$LAB/settings" ]; then
    _x=$(sed -n "s/^$_v=//p" "$LAB/settings"); [ -z "$_x" ] || printf -v "$_v" '%s' "$_x"
  fi
done
NODES=${NODES:-2}          # virtual nodes: node1..nodeN, all on this machine
CPUS=${CPUS:-4}            # CPUs each node claims (may exceed the real count)
MEM_MB=${MEM_MB:-8000}     # memory each node claims
GPUS=${GPUS:-1}            # fake gres/gpu devices per node (0 = none)
ACCT=${ACCT:-1}            # 1: mariadb + slurmdbd (sacct works); 0: none (squeue only)
PORT0=${PORT0:-16817}      # slurmctld; +1 slurmdbd; +11.. slurmd of node1..
DEAD_AFTER=${DEAD_AFTER:-300}  # seconds without a sign of life after which a node is taken for lost
ME=$(id -un)
SUDO=; [ "$(id -u)" = 0 ] || SUDO=sudo

say() { printf '[slurm-lab] %s\n' "$*" >&2; }
die() { say "ERROR: $*"; exit 1; }
alive() { [ -s "$1" ] && kill -0 "$(cat "$1")" 2>/dev/null; }
export PATH="$PATH:/usr/sbin:/sbin"

pkgs() {
  echo slurmctld slurmd slurm-client munge
  [ "$ACCT" = 1 ] && echo slurmdbd mariadb-server
  return 0
}

install_pkgs() {
  local missing=()
  for p in $(pkgs); do
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' || missing+=("$p")
  done
  [ ${#missing[@]} = 0 ] && return 0
  say "installing: ${missing[*]}"
  $SUDO apt-get update -qq || die "apt-get update failed"
  # keep package scripts from starting daemons where init is present
  local guard=
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\nexit 101\n' | $SUDO tee /usr/sbin/policy-rc.d >/dev/null
    $SUDO chmod 755 /usr/sbin/policy-rc.d; guard=1
  fi
  $SUDO env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$LAB/log/apt.log" 2>&1 \
    || { tail -5 "$LAB/log/apt.log" >&2; die "apt-get failed"; }
  [ -z "$guard" ] || $SUDO rm -f /usr/sbin/policy-rc.d
}

write_conf() {
  local host; host=$(hostname -s)
  # without accounting there is no 'linux' job account gatherer to feed, but it still kills over-memory jobs
  cat >"$LAB/etc/slurm.conf" <<CONF
ClusterName=lab
MailProg=/bin/true
SlurmctldHost=$host(127.0.0.1)
SlurmUser=$ME
SlurmdUser=$ME
AuthType=auth/munge
# a job whose node was lost waits until its credential has expired: 120 s by default
AuthInfo=socket=$LAB/run/munge.sock,cred_expire=15
CredType=cred/munge
SlurmctldPort=$PORT0
SlurmdPort=$((PORT0 + 11))
StateSaveLocation=$LAB/state
SlurmdSpoolDir=$LAB/spool/%n
SlurmctldPidFile=$LAB/run/slurmctld.pid
SlurmdPidFile=$LAB/run/slurmd.%n.pid
SlurmctldLogFile=$LAB/log/slurmctld.log
SlurmdLogFile=$LAB/log/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
# the nodes may claim more CPUs and memory than this machine has
SlurmdParameters=config_overrides
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,batch_sched_delay=0,bf_interval=1,bf_window=60
MinJobAge=600
KillWait=5
InactiveLimit=0
SlurmctldTimeout=300
SlurmdTimeout=$DEAD_AFTER
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
DefMemPerCPU=500
$([ "$ACCT" = 1 ] && printf '%s\n' "AccountingStorageType=accounting_storage/slurmdbd" \
     "AccountingStorageHost=127.0.0.1" "AccountingStoragePort=$((PORT0 + 1))" \
     "AccountingStoragePass=$LAB/run/munge.sock" "AccountingStorageEnforce=associations" || echo "AccountingStorageType=accounting_storage/none")
$([ "$GPUS" -gt 0 ] && { echo GresTypes=gpu; [ "$ACCT" = 1 ] && echo "AccountingStorageTRES=gres/gpu"; })
CONF
  : >"$LAB/etc/gres.conf"
  local i g
  for i in $(seq 1 "$NODES"); do
    printf 'NodeName=node%d NodeHostname=%s NodeAddr=127.0.0.1 Port=%d CPUs=%d RealMemory=%d%s State=UNKNOWN\n' \
      "$i" "$host" "$((PORT0 + 10 + i))" "$CPUS" "$MEM_MB" "$([ "$GPUS" -gt 0 ] && echo " Gres=gpu:$GPUS")" >>"$LAB/etc/slurm.conf"
    if [ "$GPUS" -gt 0 ]; then
      # stand-in devices: slurmd wants a character device, so link to /dev/null (no root needed);
      # the position in this list becomes CUDA_VISIBLE_DEVICES
      for g in $(seq 0 $((GPUS - 1))); do ln -sfn /dev/null "$LAB/dev/gpu$g"; done
      printf 'NodeName=node%d Name=gpu File=%s/dev/gpu%s\n' "$i" "$LAB" \
        "$([ "$GPUS" -gt 1 ] && echo "[0-$((GPUS - 1))]" || echo 0)" >>"$LAB/etc/gres.conf"
    fi
  done
  cat >>"$LAB/etc/slurm.conf" <<CONF
PartitionName=cpu Nodes=ALL Default=YES MaxTime=24:00:00 DefaultTime=60 State=UP
PartitionName=gpu Nodes=ALL Default=NO MaxTime=24:00:00 DefaultTime=60 State=UP
CONF
  if [ "$ACCT" = 1 ]; then
    ( umask 077; cat >"$LAB/etc/slurmdbd.conf" <<CONF
AuthType=auth/munge
AuthInfo=socket=$LAB/run/munge.sock
DbdHost=$host
DbdAddr=127.0.0.1
DbdPort=$((PORT0 + 1))
SlurmUser=$ME
PidFile=$LAB/run/slurmdbd.pid
LogFile=$LAB/log/slurmdbd.log
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=$ME
StorageLoc=slurm_acct_db
CONF
    )
  fi
}

DEFCONF=/etc/slurm/slurm.conf
link_conf() {
  if [ -L "$DEFCONF" ] || [ ! -e "$DEFCONF" ]; then
    [ ! -L "$DEFCONF" ] || case "$(readlink "$DEFCONF")" in */etc/slurm.conf) ;; *) die "$DEFCONF is a link that is not ours" ;; esac
    $SUDO mkdir -p "${DEFCONF%/*}"; $SUDO ln -sfn "$LAB/etc/slurm.conf" "$DEFCONF"
  else
    die "$DEFCONF exists and is not ours: a real SLURM seems to be configured here"
  fi
}
unlink_conf() { [ "$(readlink "$DEFCONF" 2>/dev/null)" != "$LAB/etc/slurm.conf" ] || $SUDO rm -f "$DEFCONF"; }

wait_for() { # seconds, description, command...
  local t=$1 what=$2; shift 2
  local end=$((SECONDS + t))
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || die "timed out waiting for $what (logs: $LAB/log)"
    sleep 0.2
  done
}

start_munged() {
  alive "$LAB/run/munged.pid" && return 0
  [ -s "$LAB/etc/munge.key" ] || ( umask 077; dd if=/dev/urandom of="$LAB/etc/munge.key" bs=128 count=1 status=none )
  # --force: the state directory may sit below a world-writable one such as /tmp
  munged --force --key-file "$LAB/etc/munge.key" --socket "$LAB/run/munge.sock" \
    --pid-file "$LAB/run/munged.pid" --log-file "$LAB/log/munged.log" --seed-file "$LAB/run/munged.seed" 2>>"$LAB/log/munged.err"
  wait_for 10 munged sh -c "munge -n -S '$LAB/run/munge.sock' | unmunge -S '$LAB/run/munge.sock'"
}

start_db() {
  if ! alive "$LAB/run/mysqld.pid"; then
    if [ ! -d "$LAB/db/mysql" ]; then
      mariadb-install-db --no-defaults --user="$ME" --datadir="$LAB/db" --auth-root-authentication-method=socket \
        --auth-root-socket-user="$ME" --skip-test-db >"$LAB/log/mariadb-install.log" 2>&1 || die "mariadb-install-db"
    fi
    setsid mariadbd --no-defaults --user="$ME" --datadir="$LAB/db" --socket="$LAB/run/mysqld.sock" \
      --pid-file="$LAB/run/mysqld.pid" --skip-networking --innodb-buffer-pool-size=64M \
      --innodb-flush-log-at-trx-commit=2 --innodb-lock-wait-timeout=900 </dev/null >"$LAB/log/mariadb.log" 2>&1 &
    wait_for 30 mariadb mariadb --no-defaults -S "$LAB/run/mysqld.sock" -e 'select 1'
    mariadb --no-defaults -S "$LAB/run/mysqld.sock" -e "CREATE DATABASE IF NOT EXISTS slurm_acct_db;
      CREATE USER IF NOT EXISTS '$ME'@'localhost' IDENTIFIED VIA unix_socket;
      GRANT ALL ON slurm_acct_db.* TO '$ME'@'localhost';"
  fi
  alive "$LAB/run/slurmdbd.pid" && return 0
  # slurmdbd reads slurmdbd.conf beside $SLURM_CONF; the MySQL client library reads MYSQL_UNIX_PORT
  MYSQL_UNIX_PORT="$LAB/run/mysqld.sock" slurmdbd
  wait_for 60 slurmdbd sacctmgr -n list cluster
  sacctmgr -n list cluster format=cluster | grep -qw lab || sacctmgr -i add cluster lab >/dev/null
  sacctmgr -n list account format=account | grep -qw lab || sacctmgr -i add account lab Cluster=lab Description=lab Organization=lab >/dev/null
  sacctmgr -n list user "$ME" format=defaultaccount | grep -qw lab || \
    sacctmgr -i add user "$ME" Account=lab DefaultAccount=lab >/dev/null 2>&1 || \
    sacctmgr -i modify user "$ME" set DefaultAccount=lab >/dev/null 2>&1 || true
}

start() {
  mkdir -p "$LAB"/{etc,run,log,state,spool,dev,db}; chmod 755 "$LAB" "$LAB"/{etc,run,log}
  install_pkgs
  export SLURM_CONF="$LAB/etc/slurm.conf"
  if ! alive "$LAB/run/slurmctld.pid"; then
    write_conf
    for v in NODES CPUS MEM_MB GPUS ACCT PORT0 DEAD_AFTER; do echo "$v=${!v}"; done >"$LAB/settings"
  fi
  link_conf
  start_munged
  [ "$ACCT" != 1 ] || start_db
  alive "$LAB/run/slurmctld.pid" || slurmctld
  wait_for 30 slurmctld scontrol ping
  local i
  for i in $(seq 1 "$NODES"); do
    alive "$LAB/run/slurmd.node$i.pid" && continue
    mkdir -p "$LAB/spool/node$i"
    slurmd -N "node$i"
  done
  wait_for 30 "all nodes to be idle" sh -c "test \$(sinfo -h -N -p cpu -t idle,mixed,allocated -o %N | sort -u | wc -l) = $NODES"
  say "up: $(sinfo -h -p gpu -o '%D node(s), %c CPUs, %m MB, gres %G, state %t' | tr '\n' ';')"
  say "use it with:  eval \"\$($0 env)\""
}

stop() {
  local f p i
  # running job steps first, so that slurmstepd and user processes end too
  if alive "$LAB/run/slurmctld.pid"; then
    SLURM_CONF="$LAB/etc/slurm.conf" timeout 10 scancel --user="$ME" 2>/dev/null || true
    for i in $(seq 50); do [ -n "$(SLURM_CONF="$LAB/etc/slurm.conf" timeout 5 squeue -h 2>/dev/null)" ] || break; sleep 0.2; done
  fi
  for f in "$LAB"/run/slurmd.*.pid "$LAB"/run/slurmctld.pid "$LAB"/run/slurmdbd.pid "$LAB"/run/mysqld.pid "$LAB"/run/munged.pid; do
    [ -s "$f" ] || continue
    p=$(cat "$f")
    kill "$p" 2>/dev/null || { rm -f "$f"; continue; }
    for i in $(seq 100); do kill -0 "$p" 2>/dev/null || break; sleep 0.1; done
    kill -0 "$p" 2>/dev/null && { say "pid $p (${f##*/}) needs SIGKILL"; kill -9 "$p" 2>/dev/null || true; }
    rm -f "$f"
  done
  unlink_conf
  say "stopped"
}

environment() { echo "export SLURM_CONF='$LAB/etc/slurm.conf'"; }

case "${1:-}" in
  start) start ;;
  stop) stop ;;
  restart) stop; start ;;
  env) environment ;;
  run) shift; eval "$(environment)"; exec "$@" ;;
  status)
    for f in "$LAB"/run/*.pid; do [ -e "$f" ] && { alive "$f" && echo "up    ${f##*/} $(cat "$f")" || echo "down  ${f##*/}"; }; done
    eval "$(environment)"; sinfo -N -o '%N %P %T %c %m %G' && squeue ;;
  clean) stop; rm -rf "$LAB" ;;
  *) sed -n '2,24p' "$0" | sed 's/^# \{0,1\}//'; exit 2 ;;
esac
