"""Commands that ask a network one question. What they need is loaded when they run."""
