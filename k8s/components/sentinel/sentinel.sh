# Starts a Sentinel in the working directory; arguments are further options.
set -eu
umask 077
. "$(dirname "$0")/primary.sh"

primary=$(heard)
primary=${primary:-${PODS%% *}}

# Its identity is always the same: Sentinels count those that they ever met, and a majority of them must agree.
# The line of cocite is that of docs/redis.md.
cat >sentinel.conf <<END
port 26379
protected-mode no
sentinel myid $(printf %s "$SELF" | sha1sum | cut -c 1-40)
sentinel resolve-hostnames yes
sentinel announce-hostnames yes
sentinel announce-ip $SELF
sentinel monitor papers $primary 6379 2
sentinel auth-user papers node
sentinel auth-pass papers $NODES_PASSWORD
sentinel down-after-milliseconds papers 3000
sentinel failover-timeout papers 5000
sentinel parallel-syncs papers 1
sentinel sentinel-user node
sentinel sentinel-pass $NODES_PASSWORD
user default off
user cocite on >$CLIENTS_PASSWORD resetkeys resetchannels -@all +sentinel|masters
user node on >$NODES_PASSWORD allkeys allchannels +@all
END
exec valkey-server ./sentinel.conf --sentinel "$@"
