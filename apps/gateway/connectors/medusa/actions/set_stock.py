"""Set the stocked quantity of an inventory item at a location."""

from apps.gateway.connectors.base import Refused
from apps.gateway.connectors.medusa.actions.base import Action, State
from apps.gateway.connectors.medusa.api import AdminApi, path
from apps.gateway.connectors.medusa.reads import fetch_level


class SetStock(Action):
    """The quantity at one location; what is reserved may move and is not part of the state."""

    def snapshot(self, api: AdminApi, params: State) -> State:
        """{"sku", "title", "quantity": pieces}."""
        item, level = fetch_level(api, params["inventory_item_id"], params["location_id"])
        return {"sku": item.sku, "title": item.title, "quantity": int(level.stocked_quantity)}

    def check(self, params: State, snapshot: State) -> None:
        """Not below nothing. Less than what is reserved passes at Medusa, and so it does here."""
        if params["quantity"] < 0:
            raise Refused("Stock cannot be below 0.", code="invalid_data", field="quantity")

    def foresee(self, params: State, snapshot: State) -> State:
        """The new quantity."""
        return {**snapshot, "quantity": params["quantity"]}

    def write(self, api: AdminApi, params: State, *, key: str, snapshot: State) -> State:
        """Write the level. Refused (changed) when it is no longer the approved one."""
        self.check_unchanged(api, params, snapshot)
        item, location = params["inventory_item_id"], params["location_id"]
        target = path("inventory-items", item, "location-levels", location)
        return api.post(target, {"stocked_quantity": params["quantity"]}, key=key)

    def reference(self, params: State) -> str:
        """The item at its location."""
        return f"{params['inventory_item_id']}@{params['location_id']}"
