# Creates the user WORKFLOW_USER with WORKFLOW_PASSWORD, or gives it that password, and a schema of its name, by SQL.
for _ in $(seq 150); do psql --no-psqlrc --quiet --command 'SELECT' > /dev/null 2>&1 && break; sleep 2; done
printf '%s\n' "$SQL" | psql --no-psqlrc --quiet
echo "the user $WORKFLOW_USER and its schema are there"
