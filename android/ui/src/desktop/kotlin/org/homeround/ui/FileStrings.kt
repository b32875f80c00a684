package org.homeround.ui.desktop

import java.nio.file.Path
import java.util.Locale
import javax.xml.parsers.DocumentBuilderFactory
import org.homeround.ui.Strings
import org.w3c.dom.Element

/** Android's string resources, read as files. */
class FileStrings private constructor(
    private val texts: Map<String, String>,
    private val plurals: Map<String, Map<String, String>>,
    private val locale: Locale,
    private val resources: Path,
) : Strings {
    /** Every key. */
    val keys: Set<String> get() = texts.keys + plurals.keys

    override fun find(key: String, with: List<Any>, count: Int?): String? {
        val text = if (count == null) texts[key] else plural(key, count)
        return text?.let { if (with.isEmpty()) it else it.format(locale, *with.toTypedArray()) }
    }

    override fun inLanguage(language: String): Strings = read(resources, Locale.forLanguageTag(language))

    /** The forms of a plural. */
    fun forms(key: String): Set<String> = plurals[key]?.keys.orEmpty()

    /** A text as it is written, with its places. */
    fun raw(key: String): List<String> = listOfNotNull(texts[key]) + plurals[key]?.values.orEmpty()

    private fun plural(key: String, count: Int): String? {
        val forms = plurals[key] ?: return texts[key]
        val form = when {
            count == 1 -> "one"
            locale.language == "es" && count != 0 && count % 1_000_000 == 0 -> "many"
            else -> "other"
        }
        return forms[form] ?: forms["other"]
    }

    companion object {
        /** Reads `values/strings.xml`, or that of another language, under a folder of resources. */
        fun read(resources: Path, locale: Locale): FileStrings {
            val folder = if (locale.language == "es") "values-es" else "values"
            val file = resources.resolve(folder).resolve("strings.xml").toFile()
            val root = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(file).documentElement
            val texts = root.children("string").associate { it.getAttribute("name") to it.plain() }
            val plurals = root.children("plurals").associate { one ->
                one.getAttribute("name") to one.children("item").associate { it.getAttribute("quantity") to it.plain() }
            }
            return FileStrings(texts, plurals, locale, resources)
        }

        private fun Element.children(tag: String): List<Element> {
            val found = getElementsByTagName(tag)
            return (0 until found.length).map { found.item(it) as Element }
        }

        private fun Element.plain(): String = textContent.replace("\\'", "'")
    }
}
