"""leak"""
