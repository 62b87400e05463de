"""What each level would have saved and cost in sessions that are over, from the logs that agents keep."""
