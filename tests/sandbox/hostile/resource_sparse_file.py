# expect: failed
with open("big", "wb") as file:
    file.truncate(1 << 40)
print("BREACH")
