package mail

import "strings"

// unflow joins the lines of a text in format=flowed (RFC 3676 4): one that ends
// in a space goes on in the next of the same depth of quoting. DelSp says that the
// space is not the text's.
func unflow(text string, delSp bool) string {
	var b strings.Builder
	depth, flows := 0, false
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		quoted := len(line) - len(strings.TrimLeft(line, ">"))
		line = strings.TrimPrefix(line[quoted:], " ") // stuffed (RFC 3676 4.4)
		signature := line == "-- "
		if flows && (quoted != depth || signature) {
			flows = false
			b.WriteByte('\n')
		}
		if !flows && quoted > 0 {
			b.WriteString(strings.Repeat(">", quoted) + " ")
		}
		depth = quoted
		flows = strings.HasSuffix(line, " ") && !signature
		if flows && delSp {
			line = line[:len(line)-1]
		}
		b.WriteString(line)
		if !flows {
			b.WriteByte('\n')
		}
	}
	return b.String()
}
