# Ends the shared test server ten minutes after its last use; see shared.rs for the two locks.
# Runs in the server's own directory; $1 is the directory above, $PG_CTL the program to stop it.
cd "$1" || exit
exec 8>>lock 9>>used

idle() { [ -n "$(find used -mmin +10)" ]; }

while sleep 20; do
    "$PG_CTL" status --pgdata cluster/data >/dev/null || exit
    idle || continue
    flock 8
    if flock --nonblock 9; then
        if idle; then
            "$PG_CTL" stop --mode=immediate --silent --pgdata cluster/data
            rm -rf cluster
            exit
        fi
        flock --unlock 9
    fi
    flock --unlock 8
done
