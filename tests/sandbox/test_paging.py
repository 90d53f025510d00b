import httpx
import pytest

from tests.sandbox.conftest import Connect, error_code


def walk(client: httpx.Client, path: str, key: str, size: int) -> list[str]:
    """Every id, page by page, until no page follows."""
    ids: list[str] = []
    query: dict[str, str | int] = {"per_page": size}
    while True:
        body = client.get(path, params=query).json()
        ids += [item["id"] for item in body[key]]
        if not body["pages"].get("next"):
            return ids
        query["starting_after"] = body["pages"]["next"]["starting_after"]


@pytest.mark.parametrize("size", [1, 7, 13, 64, 65, 66, 150])
def test_a_walk_by_cursor_meets_everyone_once(size: int, connect: Connect) -> None:
    ids = walk(connect(), "/contacts", "data", size)
    assert len(ids) == len(set(ids)) == 65


@pytest.mark.parametrize(
    ("path", "key"),
    [("/conversations", "conversations"), ("/data_connectors", "data"), ("/macros", "data")],
)
def test_other_lists_are_walked_alike(path: str, key: str, connect: Connect) -> None:
    client = connect()
    assert walk(client, path, key, 1) == walk(client, path, key, 150)


def test_a_new_contact_does_not_shift_the_pages(connect: Connect) -> None:
    client = connect()
    first = client.get("/contacts", params={"per_page": 10}).json()
    client.post("/contacts", json={"email": "late@customers.example.org"})
    cursor = first["pages"]["next"]["starting_after"]
    second = client.get("/contacts", params={"per_page": 10, "starting_after": cursor}).json()
    seen = {c["id"] for c in first["data"]} & {c["id"] for c in second["data"]}
    assert not seen


def test_a_cursor_that_no_page_gave_is_refused(connect: Connect) -> None:
    for cursor in ("x", "WzEsIm5vbmUiXQ==", "MQ=="):
        answer = connect().get("/contacts", params={"starting_after": cursor})
        assert (answer.status_code, error_code(answer)) == (400, "client_error")


def test_per_page_is_bounded(connect: Connect) -> None:
    client = connect()
    assert client.get("/contacts", params={"per_page": 1000}).json()["pages"]["per_page"] == 150
    assert error_code(client.get("/contacts", params={"per_page": 0})) == "parameter_invalid"
    assert error_code(client.get("/companies", params={"page": "x"})) == "parameter_invalid"


def test_numbered_pages_meet_everything_once(connect: Connect) -> None:
    client = connect()
    names = [
        company["name"]
        for page in (1, 2, 3)
        for company in client.get("/companies", params={"per_page": 2, "page": page}).json()["data"]
    ]
    assert len(names) == len(set(names)) == 4


def test_a_search_is_paged_like_a_list(connect: Connect) -> None:
    client = connect()
    query = {"field": "custom_attributes.plan", "operator": "=", "value": "pro"}
    body = client.post("/contacts/search", json={"query": query}).json()
    assert body["total_count"] == 42
    pagination = {"per_page": 40}
    first = client.post("/contacts/search", json={"query": query, "pagination": pagination}).json()
    pagination = first["pages"]["next"]
    rest = client.post("/contacts/search", json={"query": query, "pagination": pagination}).json()
    assert [len(first["data"]), len(rest["data"])] == [40, 2]


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ({"field": "role", "operator": "=", "value": "user"}, True),
        ({"field": "role", "operator": "!=", "value": "user"}, False),
        ({"field": "email", "operator": "~", "value": "@customers"}, True),
        ({"field": "email", "operator": "!~", "value": "@customers"}, False),
        ({"field": "email", "operator": "^", "value": "customer1@"}, True),
        ({"field": "email", "operator": "$", "value": ".org"}, True),
        ({"field": "created_at", "operator": ">", "value": 1}, True),
        ({"field": "created_at", "operator": "<", "value": 1}, False),
        ({"field": "role", "operator": "IN", "value": ["lead", "user"]}, True),
        ({"field": "role", "operator": "NIN", "value": ["lead", "user"]}, False),
        ({"field": "none.such", "operator": "=", "value": None}, True),
    ],
)
def test_a_search_understands_the_operators(
    query: dict[str, object], fits: bool, connect: Connect
) -> None:
    mine = {"field": "external_id", "operator": "=", "value": "customer-1"}
    for operator in ("AND", "OR"):
        both = {"operator": operator, "value": [mine, query]}
        found = connect().post("/contacts/search", json={"query": both}).json()["total_count"]
        assert (found == 0) == (operator == "AND" and not fits)


@pytest.mark.parametrize(
    "query",
    [
        {},
        [],
        {"field": "role", "operator": "LIKE", "value": "x"},
        {"field": "role", "operator": ">", "value": 7},
        {"field": 7, "operator": "=", "value": 7},
    ],
)
def test_a_query_that_makes_no_sense_is_refused(query: object, connect: Connect) -> None:
    answer = connect().post("/contacts/search", json={"query": query})
    assert (answer.status_code, error_code(answer)) == (400, "parameter_invalid")
