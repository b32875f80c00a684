package org.homeround.ui.android

import android.annotation.SuppressLint
import android.content.Context
import android.content.res.Configuration
import java.util.Locale
import org.homeround.ui.Strings

/** The platform's own string resources. */
class AndroidStrings(private val context: Context) : Strings {
    private val resources = context.resources

    // By name: the same keys name the same texts on a desktop, which has no generated ids.
    @SuppressLint("DiscouragedApi")
    override fun find(key: String, with: List<Any>, count: Int?): String? {
        val kind = if (count == null) "string" else "plurals"
        val id = resources.getIdentifier(key, kind, context.packageName)
        if (id == 0) return null
        val values = with.toTypedArray()
        return if (count == null) resources.getString(id, *values) else resources.getQuantityString(id, count, *values)
    }

    override fun inLanguage(language: String): Strings {
        val spoken = Configuration(resources.configuration).apply { setLocale(Locale.forLanguageTag(language)) }
        return AndroidStrings(context.createConfigurationContext(spoken))
    }
}
