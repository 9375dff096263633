# The image's settings in a directory that may be written, ours over them, and the address that clients are told.
set -eu
mkdir -p "$CASSANDRA_CONF" "$CASSANDRA_LOG_DIR"
cp -r /opt/cassandra/conf/. "$CASSANDRA_CONF"
cp /etc/millrace/logback.xml /etc/millrace/cassandra-rackdc.properties "$CASSANDRA_CONF"
sed "s/@POD_IP@/$POD_IP/" /etc/millrace/cassandra.yaml > "$CASSANDRA_CONF/cassandra.yaml"
exec /opt/cassandra/bin/cassandra -f
