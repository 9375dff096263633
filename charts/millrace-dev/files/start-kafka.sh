# Formats an empty directory, leaves any other as it is, and becomes the broker.
set -eu
/opt/kafka/bin/kafka-storage.sh format --ignore-formatted --cluster-id "$CLUSTER_ID" --config /etc/millrace/server.properties
exec /opt/kafka/bin/kafka-server-start.sh /etc/millrace/server.properties
