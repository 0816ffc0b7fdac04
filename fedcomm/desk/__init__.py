"""The desk of a group: what lies before those who look after it, told to the servers on which they live.

They ask for it when somebody looks at it, so that nothing of it is kept elsewhere: what people wrote who are not let in
yet, the settings, how newcomers are welcomed, the invitations (docs/decisions/0037-the-desk.md).
"""
