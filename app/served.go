package app

// served names the interfaces that are open, for the report of availability.
func (a *App) served() (names []string) {
	if a.httpListener != nil {
		names = append(names, "http")
	}
	for _, d := range a.dialects {
		names = append(names, d.name)
	}
	for _, p := range a.ports {
		if p.listener != nil || p.secure != nil {
			names = append(names, p.name)
		}
	}
	return names
}
