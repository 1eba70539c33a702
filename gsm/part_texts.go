package gsm

// PartTexts returns the text of each short message that a text takes with these options: where AppendSegments cuts it. It is one
// for a text that cannot be measured, is written in a table of a national language, or takes one.
func PartTexts(text string, o SplitOptions) []string {
	size, err := MeasureWith(text, o)
	if err != nil && !tooMany(err) || size.Parts <= 1 || !size.Shift.IsZero() {
		return []string{text}
	}
	limit := Capacity(size.Encoding, o.room().header())
	var parts []string
	begin, used := 0, 0
	for i, r := range text {
		cost := 1
		if size.Encoding == UCS2 && r > 0xFFFF || size.Encoding == GSM7 && septetOf.septet(r) >= extended {
			cost = 2
		}
		if used+cost > limit {
			parts = append(parts, text[begin:i])
			begin, used = i, 0
		}
		used += cost
	}
	return append(parts, text[begin:])
}
