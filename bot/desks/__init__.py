"""The desks at which agents work."""
