"""Every story there is, each with botocore's name of its service."""

import inspect

import stories_data
import stories_machines
import stories_people

# Where Python's or a module's words do not let a story carry the name of its service.
NAMES = {"awslambda": "lambda"}


def stories_of(module):
    functions = inspect.getmembers(module, inspect.isfunction)
    told_here = [(name, story) for name, story in functions if story.__module__ == module.__name__]
    return [(NAMES.get(name, name.replace("_", "-")), story) for name, story in told_here]


STORIES = sum(map(stories_of, [stories_data, stories_machines, stories_people]), [])
