\set ON_ERROR_STOP on
-- An error names itself and not the statement, which may hold the password.
\set VERBOSITY terse
\set SHOW_CONTEXT never
\getenv user WORKFLOW_USER
\getenv password WORKFLOW_PASSWORD
-- A server that logs all statements does not log these, where the administrator may say so.
SELECT set_config('log_statement', 'none', false), set_config('log_min_error_statement', 'panic', false)
WHERE current_setting('is_superuser') = 'on' \g /dev/null
SELECT format('CREATE ROLE %I', :'user')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'user') \gexec
ALTER ROLE :"user" LOGIN PASSWORD :'password';
-- Who is no superuser makes a schema for members only.
SELECT format('GRANT %I TO CURRENT_USER', :'user')
WHERE current_setting('is_superuser') = 'off' AND NOT pg_has_role(:'user', 'MEMBER') \gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), :'user') \gexec
CREATE SCHEMA IF NOT EXISTS :"user" AUTHORIZATION :"user";
-- A schema of that name that belongs to somebody else is an error, and no place for these workflows.
SELECT format($f$DO $d$ BEGIN RAISE EXCEPTION 'the schema %% belongs to another user', %L; END $d$ $f$, :'user')
WHERE NOT EXISTS (
    SELECT FROM pg_namespace WHERE nspname = :'user' AND pg_get_userbyid(nspowner) = :'user'
) \gexec
