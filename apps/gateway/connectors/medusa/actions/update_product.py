"""Change texts or status of a product."""

from apps.gateway.connectors.base import Refused
from apps.gateway.connectors.medusa.actions.base import Action, State
from apps.gateway.connectors.medusa.api import AdminApi, path
from apps.gateway.connectors.medusa.reads import fetch_product

STATUSES = ("draft", "proposed", "published", "rejected")
FIELDS = ("title", "subtitle", "description", "status")


class UpdateProduct(Action):
    """Only the given fields change."""

    def snapshot(self, api: AdminApi, params: State) -> State:
        """{"title", "subtitle", "description", "status"}; a missing text is ""."""
        return fetch_product(api, params["product_id"]).model_dump(include=set(FIELDS))

    def check(self, params: State, snapshot: State) -> None:
        """At least one field, a title with words in it, a status Medusa has."""
        given = self._given(params)
        if not given:
            raise Refused("No text and no status is given.", code="invalid_data", field="title")
        if "title" in given and not given["title"].strip():
            raise Refused("A product needs a title.", code="invalid_data", field="title")
        if given.get("status", STATUSES[0]) not in STATUSES:
            raise Refused(
                f"A product is one of: {', '.join(STATUSES)}.", code="invalid_data", field="status"
            )

    def foresee(self, params: State, snapshot: State) -> State:
        """The texts with the given ones replaced."""
        return {**snapshot, **self._given(params)}

    def write(self, api: AdminApi, params: State, *, key: str, snapshot: State) -> State:
        """Write the given fields. Refused (changed) when the product is not the approved one."""
        self.check_unchanged(api, params, snapshot)
        return api.post(path("products", params["product_id"]), self._given(params), key=key)

    def reference(self, params: State) -> str:
        """The product."""
        return str(params["product_id"])

    def _given(self, params: State) -> State:
        return {name: params[name] for name in FIELDS if params.get(name) is not None}
