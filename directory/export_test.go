package directory

// SaidBoth gives the words by which one language opts out and another in.
func SaidBoth() (both []string) {
	start := map[string]bool{}
	for _, l := range languages {
		for _, word := range l.Start {
			start[Fold(word)] = true
		}
	}
	for _, l := range languages {
		for _, word := range l.Stop {
			if start[Fold(word)] {
				both = append(both, word)
			}
		}
	}
	return both
}
