import copy
import json
import pickle


class Node:
    def __init__(self, value):
        self.value = value

    def __eq__(self, other):
        return self.value == other.value


node = Node([1, {"a": (2, 3)}])
assert pickle.loads(pickle.dumps(node)) == node
assert copy.deepcopy(node) == node and copy.deepcopy(node).value is not node.value
assert json.loads(json.dumps({"x": [1, None, True, "é"]})) == {"x": [1, None, True, "é"]}
