# Starts Valkey in the working directory, as the primary or as a replica of it; arguments are further options.
set -eu
umask 077
. "$(dirname "$0")/primary.sh"

primary=$(heard)
for _ in $(seq 30); do  # it starts empty: while it still counts as the primary, another that has the values is to take over
  [ "$primary" = "$SELF" ] || break
  sleep 1
  primary=$(told)
done
primary=${primary:-${PODS%% *}}

# Everybody is asked for a password. The line of cocite is that of docs/redis.md.
cat >valkey.conf <<END
port 6379
protected-mode no
save ""
appendonly no
maxmemory 256mb
maxmemory-policy allkeys-lru
replica-announce-ip $SELF
masteruser node
masterauth $NODES_PASSWORD
user default off
user cocite on >$CLIENTS_PASSWORD resetkeys ~cocite:* resetchannels -@all +ping +get +mget +set +del +exists +expire +ttl +time +eval +evalsha +hget +hset +hmget +hgetall +hexists +hkeys +hlen +sadd +scard +smembers +smismember +zadd +zcard +zrem +zremrangebyrank +zrevrange
user node on >$NODES_PASSWORD resetkeys allchannels -@all +ping +info +role +multi +exec +slaveof +config|rewrite +publish +subscribe +client|setname +client|kill +script|kill +psync +replconf
END
[ "$primary" = "$SELF" ] || echo "replicaof $primary 6379" >>valkey.conf
exec valkey-server ./valkey.conf "$@"
