"""What the measurements take place in: one tenant, one environment, one group, invented people.

Person number i has the id user_id(i); the program load publishes events of the same people.
"""
TENANT = "aaaaaaaa-0000-4000-8000-000000000001"
CLIENT = "aaaaaaaa-0000-4000-8000-000000000002"
SECRET = "an invented secret"
ENVIRONMENT = "bbbbbbbb-0000-4000-8000-000000000001"
ROOT = "cccccccc-0000-4000-8000-000000000001"
SALES = "cccccccc-0000-4000-8000-000000000002"
GROUP = "eeeeeeee-0000-4000-8000-000000000001"
EXTENSION = "extension_0123456789abcdef0123456789abcdef_costCentre"
LEVEL = "extension_0123456789abcdef0123456789abcdef_level"

# What members of the group must have: both of Dataverse and Graph, or of Dataverse alone.
COLUMNS = f"""columns = ( {{ column = "new_costcentre"; attribute = "{EXTENSION}"; }},
              {{ column = "new_level"; type = "integer"; attribute = "{LEVEL}"; }} );"""
RECIPES = {"columns": f'business_unit = {{ id = "{SALES}"; }}; {COLUMNS}',
           "unit": f'business_unit = {{ id = "{SALES}"; }};'}

# The worker's settings for published limits off: the program is measured and not the waiting.
NO_LIMITS = ('dataverse_calls = 0; dataverse_execution = "0ms"; graph_units = 0;'
             ' bap_calls = 0;')
ALL_LIMITS = ""


def user_id(number):
    return f"10000000-0000-4000-8000-{number:012x}"


def attributes(number):
    return {EXTENSION: f"CC-{number}", LEVEL: number}


def seed(sandbox, people, ready):
    """Fills ${sandbox} with so many people in the group; ${ready}: with right rows."""
    ask = sandbox.ask
    ask("/applications", {"tenant": TENANT, "client": CLIENT, "secret": SECRET,
                          "bap_management": True, "read_users": True, "read_members": True})
    ask("/environments", {"id": ENVIRONMENT, "root_unit": ROOT,
                          "text_columns": ["new_costcentre"], "integer_columns": ["new_level"]})
    ask("/application_users", {"environment": ENVIRONMENT, "client": CLIENT})
    ask("/units", {"environment": ENVIRONMENT, "id": SALES, "name": "Sales"})
    ask("/groups", {"id": GROUP})
    numbers = range(people)
    ask("/users", [{"id": user_id(n), "attributes": attributes(n)} for n in numbers])
    ask("/joins", [{"group": GROUP, "user": user_id(n)} for n in numbers])
    if ready:
        ask("/rows", [{"environment": ENVIRONMENT, "user": user_id(n), "unit": SALES,
                       "columns": {"new_costcentre": f"CC-{n}", "new_level": n}}
                      for n in numbers])
    ask("/ledger", {"keep": False}, "PUT")


def configuration(state, bootstrap, topic, group_id, recipe, extra="", lanes=NO_LIMITS):
    """The worker's, for services as ${state} of the sandbox says where they are."""
    origins = state["origins"]
    graph = "true" if recipe == "columns" else "false"
    return f"""
kafka: {{ bootstrap_servers = "{bootstrap}"; topic = "{topic}"; group_id = "{group_id}";
         backfill = false; }};
services: {{ login_url = "{origins['login']}"; bap_url = "{origins['bap']}";
            graph_url = "{origins['graph']}"; graph_scope = "{origins['graph']}/.default"; }};
lanes: {{ {lanes} }};
retry_topics = ( );
log: {{ format = "json"; level = "info"; }};
identities = ( {{ name = "main"; tenant = "{TENANT}"; client_id = "{CLIENT}";
                 secret_env = "BENCH_SECRET"; }} );
environments = ( {{ name = "prod"; id = "{ENVIRONMENT}"; identity = "main";
                   url = "{state['environments'][ENVIRONMENT]}"; graph = {graph}; }} );
recipes = ( {{ name = "sales"; {RECIPES[recipe]} }} );
routes = ( {{ group = "{GROUP}"; environment = "prod"; recipe = "sales"; }} );
{extra}
"""
