# Creates the user WORKFLOW_USER with WORKFLOW_PASSWORD, or gives it that password, and a schema of its name.
set -o pipefail
for _ in {1..150}; do psql --no-psqlrc --quiet --command 'SELECT' > /dev/null 2>&1 && break; sleep 2; done
psql --no-psqlrc --quiet <<'SQL'
@database.sql@
SQL
echo "the user $WORKFLOW_USER and its schema are there"
