package account

// Above gives an account and those above it, the nearest first; nothing for a name that there is not.
func (s *Directory) Above(name string) (list []*Account) {
	if s == nil {
		return nil
	}
	for a := s.byName[name]; a != nil && len(list) <= len(s.accounts); a = s.byName[a.Parent] {
		list = append(list, a)
	}
	return list
}

// Within tells whether an account is another one, or stands below it.
func (s *Directory) Within(name, top string) bool {
	for _, a := range s.Above(name) {
		if a.Name == top {
			return true
		}
	}
	return false
}

// WantsFactor tells whether users of an account are to have a second factor, by what it or one above it says.
func (s *Directory) WantsFactor(name string) bool {
	for _, a := range s.Above(name) {
		if a.SecondFactor {
			return true
		}
	}
	return false
}
