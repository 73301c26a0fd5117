"""Places for supervisors, and which of them a job goes to.

One supervisor JVM does not scale with its workers: with 2, 4, 8 and 16 of them on 16 cores it judged 1,206,
1,909, 2,577 and 3,159 known programs a second. So workers are dealt out to several. Jobs with the same suite
go to the same one, which has its tests compiled; who has nothing to do takes from the longest queue. The
first is there from the start, the others come when programs queue.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from javabox.engines.jvm import Settings
from javabox.job import Suite
from javabox.supervisor import Supervisor, Task

WORKERS_EACH = 2


@dataclass(eq=False, slots=True)
class Post:
    """A place for a supervisor: it may be there, on its way, or not needed."""

    settings: Settings
    most: int
    """Jobs that it may hold."""
    queue: deque[Task] = field(default_factory=deque)
    supervisor: Supervisor | None = None
    starting: bool = False


class Posts:
    """Those that judge, of which the first is always wanted."""

    def __init__(self, settings: Settings) -> None:
        count = max(1, settings.workers // WORKERS_EACH)
        shares = [settings.workers // count + (i < settings.workers % count) for i in range(count)]
        self._posts = [Post(replace(settings, workers=share), 3 * share + 2) for share in shares]

    def __iter__(self) -> Iterator[Post]:
        return iter(self._posts)

    def home(self, suite: Suite) -> Post:
        """Where jobs of this suite go."""
        return self._posts[hash(suite) % len(self._posts)] if len(self._posts) > 1 else self._posts[0]

    def next_for(self, post: Post) -> Task | None:
        """The job that it should take up now."""
        if post.queue:
            return post.queue.popleft()
        # What is in a queue can't be sent: its own supervisor is full, or not there.
        longest = max(self._posts, key=lambda other: len(other.queue))
        return longest.queue.pop() if longest.queue else None

    def wanted(self, post: Post) -> bool:
        """Whether a supervisor that is not there should be started."""
        return post is self._posts[0] or any(other.queue for other in self._posts)

    def give_up(self, post: Post) -> bool:
        """Takes out one that can't be started; its jobs are the others'. False where there is no other."""
        if len(self._posts) == 1:
            return False
        self._posts.remove(post)
        for task in post.queue:
            self.home(task.job.suite).queue.append(task)
        return True
