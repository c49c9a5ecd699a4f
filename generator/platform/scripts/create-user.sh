# Creates the user NEW_USER with NEW_PASSWORD, or gives it that password, and its schema NEW_SCHEMA. It may create further
# schemas, one a workflow, and sees none of others.
set -o pipefail
for _ in {1..150}; do psql --no-psqlrc --quiet --command 'SELECT' > /dev/null 2>&1 && break; sleep 2; done
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 <<'SQL'
\getenv name NEW_USER
\getenv password NEW_PASSWORD
\getenv schema NEW_SCHEMA
SELECT format('CREATE ROLE %I', :'name')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'name')
\gexec
ALTER ROLE :"name" LOGIN PASSWORD :'password';
SELECT format('GRANT CONNECT, CREATE ON DATABASE %I TO %I', current_database(), :'name')
\gexec
-- Only a superuser may give away what is not its own; others have to be a member first.
SELECT format('GRANT %I TO CURRENT_USER', :'name')
WHERE NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AND NOT pg_has_role(:'name', 'MEMBER')
\gexec
CREATE SCHEMA IF NOT EXISTS :"schema" AUTHORIZATION :"name";
SQL
echo "the user $NEW_USER and the schema $NEW_SCHEMA are there"
