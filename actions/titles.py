"""What intents are called in front of people.

Here belong two tables: titles on buttons ("Where is my order?") for customers, and wishes ("wants
to know where an order is") for agents. An intent in no table gets its name with spaces.
"""

from __future__ import annotations

__all__ = ["title", "wish"]

TITLES: dict[str, str] = {
    "order_status": "Where is my order?",
    "track_parcel": "Track my parcel",
    "cancel_order": "Cancel my order",
    "change_order": "Change my order",
    "change_address": "Change the address",
    "delivery_options": "Delivery options",
    "delivery_time": "Delivery times",
    "delivery_cost": "Delivery costs",
    "missing_parcel": "My parcel is missing",
    "return_item": "Return something",
    "refund_status": "Where is my refund?",
    "refund_policy": "Return and refund rules",
    "exchange_item": "Exchange for another size",
    "damaged_or_wrong_item": "Damaged or wrong item",
    "warranty_repair": "Warranty and repairs",
    "payment_methods": "Ways to pay",
    "payment_problem": "My payment did not work",
    "invoice": "Get an invoice",
    "discount_code": "Discount codes",
    "price_match": "Price match",
    "gift_card": "Gift cards",
    "stock_check": "Is it in stock?",
    "size_advice": "Help with sizes",
    "product_care": "Washing and care",
    "create_account": "Create an account",
    "delete_account": "Delete my account",
    "forgotten_password": "Forgotten password",
    "newsletter_subscribe": "Get the newsletter",
    "newsletter_unsubscribe": "Stop the newsletter",
    "privacy_request": "My personal data",
    "opening_hours": "Opening hours",
    "store_location": "Find a store",
    "complaint": "Make a complaint",
    "business_enquiry": "Orders for a business",
    "job_enquiry": "Jobs at Nordlys",
    "bot_challenge": "Are you a bot?",
    "talk_to_human": "Talk to a person",
}

WISHES: dict[str, str] = {
    "order_status": "wants to know where an order is",
    "track_parcel": "wants to track a parcel",
    "cancel_order": "wants to cancel an order",
    "change_order": "wants to change an order",
    "change_address": "wants to change the address of an order",
    "missing_parcel": "misses a parcel",
    "return_item": "wants to return something",
    "refund_status": "asks where a refund is",
    "exchange_item": "wants to exchange something for another size",
    "damaged_or_wrong_item": "got a damaged or wrong item",
    "warranty_repair": "asks about warranty or a repair",
    "payment_problem": "has a problem with a payment",
    "business_enquiry": "makes a business enquiry",
    "complaint": "makes a complaint",
    "privacy_request": "asks about personal data",
    "delete_account": "wants an account deleted",
    "job_enquiry": "asks about jobs",
    "talk_to_human": "asks for a person",
}


def title(intent: str) -> str:
    """The intent on a button."""
    return TITLES.get(intent) or intent.replace("_", " ").capitalize()


def wish(intent: str) -> str:
    """The intent as the start of a summary, after "Customer"."""
    return WISHES.get(intent) or f"asks about: {title(intent).rstrip('?').lower()}"
