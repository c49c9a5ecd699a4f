# Creates the database NEW_DATABASE, unless it is there. psql reads the rest of the connection from PG* variables.
for _ in $(seq 150); do pg_isready --quiet && break; sleep 2; done
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 <<'SQL'
\getenv name NEW_DATABASE
SELECT format('CREATE DATABASE %I', :'name')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name')
\gexec
SQL
echo "the database $NEW_DATABASE is there"
