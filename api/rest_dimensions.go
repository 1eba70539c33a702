package api

import (
	"kurir/message"
)

// dimensions reads an object of cost dimensions.
func (r *jsonReader) dimensions() map[string]string {
	all := map[string]string{}
	if !r.open('{', "an object") {
		return nil
	}
	for first := true; r.more('}', &first); {
		r.field = "dimensions"
		name := string(r.name())
		r.field = "dimensions." + clip(name)
		if _, twice := all[name]; twice {
			r.fail(codeTwice, "%s is given twice", r.field)
		}
		if len(all) == message.MaxDimensions {
			r.fail(codeTooMany, "dimensions may have at most %d members", message.MaxDimensions)
			return nil
		}
		all[name] = r.textOrNumber()
		r.field = "dimensions"
	}
	return all
}
