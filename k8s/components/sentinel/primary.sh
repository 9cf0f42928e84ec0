# Sourced by the others. PODS: names of all pods, that of the first primary first; SELF: this one's.

told() {  # which pod the Sentinels of the others hold for the primary; nothing when none of them answers
  for pod in $PODS; do
    [ "$pod" != "$SELF" ] || continue
    answer=$(REDISCLI_AUTH=$NODES_PASSWORD timeout 2 valkey-cli -h "$pod" -p 26379 --user node \
      sentinel get-master-addr-by-name papers 2>/dev/null | head -n 1)
    for known in $PODS; do
      [ "$answer" != "$known" ] || { echo "$answer"; return; }
    done
  done
}

heard() {  # the same, with a little patience for names that are not known yet
  for _ in 1 2 3 4 5; do
    answer=$(told)
    [ -z "$answer" ] || break
    sleep 1
  done
  echo "$answer"
}
