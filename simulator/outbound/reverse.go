package outbound

import (
	"encoding/json"
	"maps"
	"slices"
)

// appendReversed writes a decoded value with the members of objects in the
// reverse of their alphabetical order.
func appendReversed(to []byte, value any) (_ []byte, err error) {
	switch v := value.(type) {
	case map[string]any:
		to = append(to, '{')
		names := slices.Sorted(maps.Keys(v))
		slices.Reverse(names)
		for i, name := range names {
			if i > 0 {
				to = append(to, ',')
			}
			if to, err = appendReversed(to, name); err != nil {
				return nil, err
			}
			if to, err = appendReversed(append(to, ':'), v[name]); err != nil {
				return nil, err
			}
		}
		return append(to, '}'), nil
	case []any:
		to = append(to, '[')
		for i, element := range v {
			if i > 0 {
				to = append(to, ',')
			}
			if to, err = appendReversed(to, element); err != nil {
				return nil, err
			}
		}
		return append(to, ']'), nil
	}
	content, err := json.Marshal(value)
	return append(to, content...), err
}
