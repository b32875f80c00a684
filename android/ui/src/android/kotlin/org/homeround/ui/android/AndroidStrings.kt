package org.homeround.ui.android

import android.annotation.SuppressLint
import android.content.res.Resources
import org.homeround.ui.Strings

/** The platform's own string resources. */
class AndroidStrings(private val resources: Resources, private val packageName: String) : Strings {
    // By name: the same keys name the same texts on a desktop, which has no generated ids.
    @SuppressLint("DiscouragedApi")
    override fun find(key: String, with: List<Any>, count: Int?): String? {
        val kind = if (count == null) "string" else "plurals"
        val id = resources.getIdentifier(key, kind, packageName)
        if (id == 0) return null
        val values = with.toTypedArray()
        return if (count == null) resources.getString(id, *values) else resources.getQuantityString(id, count, *values)
    }
}
