"""Scripted servers: as a Mastodon, a Lemmy, a PieFed and a NodeBB speak, over real HTTP with real signatures.

They share no code with fedcomm, so that a mistake of ours is not one of theirs too: what they accept, refuse, drop and
send is written down here from what those programs were seen to do. Tests and the demo let them act and look into them.
"""
