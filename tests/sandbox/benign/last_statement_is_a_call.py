def main():
    for number in range(3):
        print(number)


if __name__ == "__main__":
    main()
