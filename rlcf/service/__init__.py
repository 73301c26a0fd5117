"""Grading and rewards over HTTP: one judge behind routes of its own and of trainers (docs/serve.md).

`server.py` starts it, `routes/` is what can be asked, `judging.py` is where every route asks the judge.
FastAPI, uvicorn and prometheus-client come with `pip install 'rlcf[serve]'`; nothing outside of this folder
imports them.
"""
