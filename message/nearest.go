package message

// Nearest is the name of a list that was meant by one that is not in it: the one with the fewest mistakes, two at most, and
// no more than one for every two letters; "" where none is near. Of equally near ones the first by the alphabet counts.
func Nearest(name string, names []string) string {
	best, distance := "", 1+min(2, len(name)/2)
	name = name[:min(len(name), 64)]
	for _, known := range names {
		if n := edits(name, known); n < distance || n == distance && best != "" && known < best {
			best, distance = known, n
		}
	}
	return best
}

// edits counts the letters to insert, remove, replace or exchange with their neighbour to make b of a (the distance of Damerau and
// Levenshtein, where nothing is changed twice).
func edits(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last, row = last, row, before
		row[0] = i + 1
		for j := range len(b) {
			cost := last[j]
			if a[i] != b[j] {
				cost++
			}
			row[j+1] = min(cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
