#pragma once

// mediasoup takes ankerl::unordered_dense for speed. It calls nothing of it that the standard's unordered containers do
// not have as well, so those serve here.

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <unordered_set>

namespace ankerl::unordered_dense
{
	template<class T>
	struct hash : std::hash<T>
	{
	};

	template<class K, class V, class Hash = std::hash<K>, class Equal = std::equal_to<K>>
	using map = std::unordered_map<K, V, Hash, Equal>;

	template<class K, class Hash = std::hash<K>, class Equal = std::equal_to<K>>
	using set = std::unordered_set<K, Hash, Equal>;
} // namespace ankerl::unordered_dense
